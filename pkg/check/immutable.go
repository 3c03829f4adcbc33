package check

import "github.com/fitout-dev/fitout/pkg/manifest"

func Immutable(wanted, live *manifest.Object) []Difference { return nil }
