package inventory

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/printable"
	"k8s.io/apimachinery/pkg/api/validate/content"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Bounds of a record. A large bundle has some 100 objects.
const (
	maxEntries = 20_000
	maxBytes   = 16 << 20  // of all entries, as JSON
	maxEntry   = 16 << 10  // of one entry, as JSON
	maxText    = 256 << 10 // of a value that is JSON in the ConfigMap
	maxAddons  = 1_000
	maxWave    = 1_000
	maxName    = 253 // of an object, as Kubernetes has it
	maxWord    = 128 // of a version or UID
)

// A digest is hexadecimal, with or without the name of its function. It is empty for an object that is not applied yet.
var digests = regexp.MustCompile(`^((sha256:)?[0-9a-f]{1,64})?$`)

// validate returns the first value that Fitout does not write into a record.
func (i *Inventory) validate() error {
	switch {
	case !slices.Contains([]string{Applying, Complete, Upgrading, Uninstalled}, i.State):
		return fmt.Errorf("%s is %s", keyState, quoted(i.State))
	case len(i.Addons) > maxAddons:
		return fmt.Errorf("%s has %d addons, more than %d", keyAddons, len(i.Addons), maxAddons)
	case len(i.Entries) > maxEntries:
		return fmt.Errorf("%s has %d entries, more than %d", keyEntries, len(i.Entries), maxEntries)
	}
	if err := cmp.Or(word(keyFitout, i.Fitout), word(keyPhase, i.Phase), word(keySignedBy, i.SignedBy), i.Target.validate()); err != nil {
		return err
	}
	if i.Previous != nil {
		if err := i.Previous.validate(); err != nil {
			return fmt.Errorf("%s: %w", keyPrevious, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(i.Addons)) {
		a := i.Addons[name]
		if err := cmp.Or(label("name", name), word("version", a.Version), digest(a.Digest), number("objects", a.Objects, maxEntries)); err != nil {
			return fmt.Errorf("addon %s: %w", quoted(name), err)
		}
	}
	return validateAll(i.Entries)
}

func (t Target) validate() error {
	return cmp.Or(word(keyBundle, t.Bundle), word(keyKubernetes, t.Kubernetes), digest(t.Digest))
}

// validateAll returns the first entry that is invalid or contradicts another.
func validateAll(entries []Entry) error {
	seen := make(map[manifest.ID]bool, len(entries))
	resources := map[schema.GroupKind]manifest.Resource{}
	for n, e := range entries {
		if err := cmp.Or(e.validate(), e.validateResource()); err != nil {
			return fmt.Errorf("entry %d, %s: %w", n, quoted(e.ID.String()), err)
		}
		if slices.Contains(ofRuns, e.ID) {
			return fmt.Errorf("entry %d, %s: it belongs to the runs themselves and to no addon", n, e.ID)
		}
		if seen[e.ID] {
			return fmt.Errorf("entry %d, %s: an earlier entry is of the same object", n, e.ID)
		}
		seen[e.ID] = true
		kind := schema.GroupKind{Group: e.Group, Kind: e.Kind}
		if before, known := resources[kind]; known && before != e.resource() {
			return fmt.Errorf("entry %d, %s: %s, but an earlier entry of the kind has %s", n, e.ID, served(e.resource()), served(before))
		}
		resources[kind] = e.resource()
	}
	return nil
}

// ofRuns are the record and the lock, which no addon has: a record that names them would have a run delete them under its own feet.
var ofRuns = []manifest.ID{ID, {Group: "coordination.k8s.io", Kind: "Lease", Namespace: ID.Namespace, Name: LockName}}

// resource is how the API serves the entry's kind, by the entry.
func (e Entry) resource() manifest.Resource {
	return manifest.Resource{Name: e.Resource, Namespaced: e.Namespace != ""}
}

// validate returns the first part that is missing or has a form that Kubernetes does not take. Most parts end up in the
// URL of a request.
func (e Entry) validate() error {
	if err := e.complete(); err != nil {
		return err
	}
	if e.Group != "" {
		if err := invalid("group", e.Group, validation.IsDNS1123Subdomain(e.Group)); err != nil {
			return err
		}
	}
	if e.Namespace != "" {
		if err := label("namespace", e.Namespace); err != nil {
			return err
		}
	}
	return cmp.Or(
		invalid("kind", e.Kind, validation.IsDNS1035Label(strings.ToLower(e.Kind))),
		invalid("version", e.Version, validation.IsDNS1035Label(e.Version)),
		invalid("resource", e.Resource, validation.IsDNS1035Label(e.Resource)),
		text("name", e.Name, maxName), invalid("name", e.Name, content.IsPathSegmentName(e.Name)),
		label("addon", e.Addon), number("wave", e.Wave, maxWave), word("uid", string(e.UID)), digest(e.Digest),
	)
}

var builtIn = manifest.KindsOf(nil)

// complete refuses an entry of no object.
func (e Entry) complete() error {
	if e.Kind == "" || e.Name == "" || e.Resource == "" {
		return errors.New("kind, name or resource is missing")
	}
	return nil
}

// validateResource refuses a resource that does not serve the kind: an object is protected by its kind, and deleted by its
// resource.
func (e Entry) validateResource() error {
	want, known := builtIn[schema.GroupKind{Group: e.Group, Kind: e.Kind}]
	switch {
	case known && e.resource() != want:
		return fmt.Errorf("%s does not serve this kind; %s does", served(e.resource()), served(want))
	case !known && manifest.BuiltInGroup(e.Group):
		return fmt.Errorf("the group %s of Kubernetes has no such kind, or none that an addon may hold", quoted(e.Group))
	}
	return nil
}

func served(r manifest.Resource) string {
	if r.Namespaced {
		return "resource " + r.Name + " in a namespace"
	}
	return "resource " + r.Name + " without a namespace"
}

func invalid(part, value string, faults []string) error {
	if len(faults) == 0 {
		return nil
	}
	return fmt.Errorf("%s is %s: %s", part, quoted(value), faults[0])
}

func label(part, value string) error { return invalid(part, value, validation.IsDNS1123Label(value)) }

func word(part, value string) error { return text(part, value, maxWord) }

func digest(value string) error {
	if !digests.MatchString(value) {
		return fmt.Errorf("digest is %s: it must be hexadecimal", quoted(value))
	}
	return nil
}

func number(part string, value, most int) error {
	if value < 0 || value > most {
		return fmt.Errorf("%s is %d: it must be from 0 to %d", part, value, most)
	}
	return nil
}

// text wants characters that a terminal prints as they are: no control characters, none that turn the direction of text.
func text(part, value string, most int) error {
	switch {
	case len(value) > most:
		return fmt.Errorf("%s is %s: it has %d bytes, more than %d", part, quoted(value), len(value), most)
	case !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("%s is %s: it must have printable characters only", part, quoted(value))
	}
	return nil
}

// maxShown bounds how much of a value an error shows, in bytes.
const maxShown = 80

// quoted shows the beginning of a value with nothing in it that a terminal would follow.
func quoted(value string) string { return strconv.Quote(printable.Cut(value, maxShown)) }

// brief cuts the error of a decoder, which may quote any amount of its input.
func brief(err error) error {
	if message := err.Error(); text("", message, 2*maxShown) != nil {
		return errors.New(quoted(message))
	}
	return err
}
