"""What Lineproof holds, in the forms that other tools read."""
