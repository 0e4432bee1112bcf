"""From tidy rows to the plain records that the report's sections show, one file a section."""
