"""What others are told: messages recorded in the transaction of the fact, delivered afterwards."""
