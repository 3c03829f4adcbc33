package fieldowner

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A Conflict is a field that Fitout sets and somebody else has set to something else.
type Conflict struct {
	ID           manifest.ID
	Field        string // spec.template.spec.containers[name="coredns"].image
	Manager      string // who set it: kubectl-edit
	Ours, Theirs any    // nil where it is not known; those of a Secret are hidden
}

// hiddenValue stands for the values of Secrets.
const hiddenValue = "(hidden)"

func newConflict(wanted *manifest.Object, field, manager string, ours, theirs any) Conflict {
	c := Conflict{ID: manifest.IDOf(wanted), Field: field, Manager: manager, Ours: ours, Theirs: theirs}
	if c.ID.Kind == "Secret" {
		c.Ours, c.Theirs = hiddenValue, hiddenValue
	}
	return c
}

// String says which field of which object it is, who set it and what Fitout sets.
func (c Conflict) String() string { return c.ID.String() + ": " + c.Text() }

// Text is String without the object.
func (c Conflict) Text() string {
	field, theirs, ours := objectdiff.Difference{Path: c.Field, Want: c.Ours, Got: c.Theirs}.Shown()
	switch {
	case c.Ours == hiddenValue:
		return fmt.Sprintf("%s is set by %s to another value than Fitout sets (both hidden)", c.Field, c.Manager)
	case c.Theirs == nil && c.Ours == nil:
		return fmt.Sprintf("%s is set by %s, and Fitout sets it too", c.Field, c.Manager)
	case c.Theirs == nil:
		return fmt.Sprintf("%s is set by %s; Fitout sets %s", c.Field, c.Manager, ours)
	}
	return fmt.Sprintf("%s is %s, set by %s; Fitout sets %s", field, theirs, c.Manager, ours)
}

// FromServer reads the conflicts out of the server's answer to a server-side apply (apimachinery,
// pkg/util/managedfields/internal/conflict.go). It returns none for any other error; live may be nil.
func FromServer(err error, wanted, live *manifest.Object) []Conflict {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return nil
	}
	var conflicts []Conflict
	for _, cause := range status.Status().Details.Causes {
		if cause.Type != metav1.CauseTypeFieldManagerConflict {
			continue
		}
		conflicts = append(conflicts, newConflict(wanted, strings.TrimPrefix(cause.Field, "."), managerIn(cause.Message),
			fieldOf(wanted, cause.Field), fieldOf(live, cause.Field)))
	}
	slices.SortStableFunc(conflicts, func(a, b Conflict) int { return cmp.Compare(a.Field, b.Field) })
	return conflicts
}

// managerIn reads the manager out of: conflict with "kubectl-edit" using apps/v1.
func managerIn(message string) string {
	text := strings.TrimPrefix(message, "conflict with ")
	if quoted, err := strconv.QuotedPrefix(text); err == nil {
		text, _ = strconv.Unquote(quoted) // what QuotedPrefix returns can be unquoted
	}
	return text
}

// fieldOf returns the value of a field, nil where the object does not have it.
func fieldOf(o *manifest.Object, path string) any {
	if o == nil {
		return nil
	}
	steps, found := resolve(path, o.Object)
	if !found {
		return nil
	}
	return valueAt(o.Object, steps)
}

// Without returns a copy of an object that leaves the fields of the conflicts to those who set them. An element of a
// list stays, with its keys, when its last field goes. The error joins all fields that cannot be left.
func Without(wanted *manifest.Object, conflicts []Conflict) (*manifest.Object, error) {
	var fields [][]step
	var errs []error
	for _, c := range conflicts {
		steps, found := resolve("."+c.Field, wanted.Object)
		switch {
		case !found:
			errs = append(errs, fmt.Errorf("%s: %s, which %s set, is no field of the bundle's object, so it cannot be left out; take the field over instead", c.ID, c.Field, c.Manager))
		case identifies(steps):
			errs = append(errs, fmt.Errorf("%s: %s, which %s set, identifies what it is part of, so it cannot be left out; take the field over instead", c.ID, c.Field, c.Manager))
		}
		fields = append(fields, steps)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	slices.SortFunc(fields, compareSteps)
	fields = slices.CompactFunc(fields, func(a, b []step) bool { return compareSteps(a, b) == 0 })
	left := wanted.DeepCopy()
	for _, steps := range slices.Backward(fields) {
		without(left.Object, steps)
	}
	return left, nil
}

// identifies tells the fields by which an object, or an element of a list, is told from others.
func identifies(steps []step) bool {
	switch {
	case len(steps) == 1:
		return slices.Contains([]string{"apiVersion", "kind", "metadata"}, steps[0].key)
	case len(steps) == 2 && steps[0].key == "metadata":
		return slices.Contains([]string{"name", "namespace"}, steps[1].key)
	}
	return len(steps) > 0 && slices.Contains(steps[len(steps)-2].names, steps[len(steps)-1].key)
}
