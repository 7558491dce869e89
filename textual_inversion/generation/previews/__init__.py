"""A drawing as it comes, in colours that cost next to nothing."""
