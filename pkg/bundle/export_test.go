package bundle

import "time"

// ExpandWithin sets how long a template may take, and returns what sets it back.
func ExpandWithin(d time.Duration) (restore func()) {
	before := expandWithin
	expandWithin = d
	return func() { expandWithin = before }
}
