"""Labels archives: many articles in, Parquet out, in parts that a second start need not do again."""
