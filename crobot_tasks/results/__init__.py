"""What is known of the genomes of a species as one table: `Results`, a line an assembly, streamed."""

from crobot_tasks.results.results import Results
from crobot_tasks.results.values import values_of

__all__ = ["Results", "values_of"]
