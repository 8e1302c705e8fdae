"""The auditors' pages: reports and exports, the journal, and replay of past runs."""
