package diff

import (
	"github.com/fitout-dev/fitout/pkg/credential"
	"github.com/fitout-dev/fitout/pkg/manifest"
)

// hideHeaders replaces the values of HTTP headers of probes whose names are those of credentials, and credentials in the URLs of
// annotations.
func hideHeaders(objects ...*manifest.Object) {
	for _, o := range objects {
		if o != nil {
			hideHeadersIn(o.Object)
		}
	}
}

func hideHeadersIn(v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if key == "httpHeaders" || key == "annotations" {
				v[key] = credential.Hide(value)
				continue
			}
			hideHeadersIn(value)
		}
	case []any:
		for _, element := range v {
			hideHeadersIn(element)
		}
	}
}
