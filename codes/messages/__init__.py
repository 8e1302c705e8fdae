"""Messages to citizens: written in the transaction of what they report, read in the portal, sent by SMS."""
