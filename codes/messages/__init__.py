"""Messages to citizens: written with what they tell of, read in the portal, sent by SMS."""
