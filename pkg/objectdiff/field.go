package objectdiff

import "github.com/fitout-dev/fitout/pkg/manifest"

// FieldDiffers tells whether one field of an object differs in the way that Differences finds it to. The keys lead to the
// field from the top of the object; lists on the way have none.
func FieldDiffers(o *manifest.Object, keys []string, want, got any) bool {
	_, known := builtIn[manifest.GroupKindOf(o)]
	at := place{verbatim: !known}
	for _, key := range keys {
		at = at.key(key)
	}
	return len(differences(want, got, at)) > 0
}
