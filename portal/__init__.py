"""The portal: settings, addresses, and the pages and interfaces of each audience."""
