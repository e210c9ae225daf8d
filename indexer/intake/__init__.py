"""Files of data to sheets, sheets to what a data set holds: nothing is dropped without a word."""
