"""Django's date and number formats for Chinese and English."""
