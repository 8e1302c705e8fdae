"""What the pages of all audiences share: access checks, paging, errors, navigation, display preferences."""
