"""Programs to copy: what a web developer or an operator would otherwise begin from nothing."""
