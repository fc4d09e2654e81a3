"""Whether an installation is sound: a module for each subject, which only looks, and `examination`, which asks all."""
