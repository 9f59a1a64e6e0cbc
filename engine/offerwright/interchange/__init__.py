"""What other tools read and write: DMN files, spreadsheets."""
