"""What happens in a morning at the example embassy: one module for each place, all of them on one stage."""
