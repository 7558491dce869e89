"""What is wrong with a data set: pictures, captions, near duplicates."""
