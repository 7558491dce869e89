"""What a base model makes of pictures and words: which words describe pictures to it."""
