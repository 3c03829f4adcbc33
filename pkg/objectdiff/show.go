package objectdiff

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/fitout-dev/fitout/pkg/credential"
)

// Shown returns what is said of a difference: the field, what it is and what it is to be. Of a long text it is the part
// in which they differ, and the field names its line. What looks like a credential is hidden.
func (d Difference) Shown() (field, got, want string) {
	d.Got, d.Want = credential.HideAt(d.Path, d.Got), credential.HideAt(d.Path, d.Want)
	if reflect.DeepEqual(d.Got, d.Want) { // but for what is hidden
		return d.Path, asJSON(d.Got), asJSON(d.Want)
	}
	wantText, wantsText := d.Want.(string)
	gotText, isText := d.Got.(string)
	switch {
	case wantsText && isText && strings.Contains(wantText+gotText, "\n"):
		n, got, want := firstLine(gotText, wantText)
		got, want = apart(got, want)
		return fmt.Sprintf("%s line %d", d.Path, n), fmt.Sprintf("%q", got), fmt.Sprintf("%q", want)
	case wantsText && isText:
		d.Got, d.Want = apart(gotText, wantText)
	}
	if clip(d.Got) == clip(d.Want) { // 1 and "1"
		return d.Path, asJSON(d.Got), asJSON(d.Want)
	}
	return d.Path, clip(d.Got), clip(d.Want)
}

// Short shows a value on one line, shortened: a text as it is, anything else as JSON.
func Short(v any) string { return clip(credential.Hide(v)) }
