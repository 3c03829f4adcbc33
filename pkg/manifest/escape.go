package manifest

import (
	"encoding/json"

	"github.com/fitout-dev/fitout/pkg/printable"
)

// Escaped returns an object as YAML in the form of JSON, where every character can be escaped: in other forms what a terminal
// must not get can stand as it is, and control characters cannot stand at all.
func Escaped(o *Object) ([]byte, error) {
	text, err := json.MarshalIndent(o.Object, "", "  ")
	return []byte(printable.Text(string(text)) + "\n"), err
}
