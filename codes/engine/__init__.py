"""The SQL statement that decides colours, and the relations of subjects that it is applied to."""
