"""The pages of auditors: reports and exports, the journal, replay of past runs."""
