"""What the pages of all audiences share: whose request it is, who may see a page, how lists are paged, how errors are told."""
