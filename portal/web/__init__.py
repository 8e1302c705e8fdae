"""Common parts of the pages of all audiences: access checks, paging, errors, navigation, display preferences."""
