"""`/api/v1.0/uploads`: reads of gigabytes, over lines that break (tus 1.0), and what becomes of them."""
