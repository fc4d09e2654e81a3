"""Commands on users' analyses and SNP projects, and what they found."""
