package main

import "math/rand"

// pick returns one of the values.
func pick[T any](random *rand.Rand, values ...T) T {
	return values[random.Intn(len(values))]
}

// chance is true in percent out of a hundred cases.
func chance(random *rand.Rand, percent int) bool {
	return random.Intn(100) < percent
}

// between returns a value of low..=high.
func between(random *rand.Rand, low, high int) int {
	return low + random.Intn(high-low+1)
}
