package changeset

import (
	"github.com/fitout-dev/fitout/pkg/credential"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
)

// A Document is a set for programs.
type Document struct {
	Summary  string             `json:"summary"` // in one line
	Refusals []RefusalDocument  `json:"refusals,omitempty"`
	Waves    []DocumentedWave   `json:"waves"`
	Removals []DocumentedChange `json:"removals,omitempty"` // in the order in which they are made, after the waves
}

// A DocumentedWave is one wave of a set.
type DocumentedWave struct {
	Name    string             `json:"name"`
	Changes []DocumentedChange `json:"changes"`
}

// A DocumentedChange is one change of a set.
type DocumentedChange struct {
	Object    manifest.ID        `json:"object"`
	Addon     string             `json:"addon,omitempty"`
	Action    Action             `json:"action"`
	Reason    string             `json:"reason,omitempty"`
	Fields    []FieldDocument    `json:"fields,omitempty"`
	Conflicts []ConflictDocument `json:"conflicts,omitempty"`
	Installer string             `json:"installer,omitempty"`
	Lost      []string           `json:"lost,omitempty"` // settings of others that the change takes away
	Effect    Effect             `json:"effect"`
	Pods      []Pods             `json:"pods,omitempty"`
	Undo      Undo               `json:"undo"`
	Refusals  []RefusalDocument  `json:"refusals,omitempty"`
}

// A FieldDocument is a field that changes. Values of Secrets and of environment variables are left out.
type FieldDocument struct {
	Path    string `json:"path"`
	Is      string `json:"is,omitempty"` // shortened
	Becomes string `json:"becomes,omitempty"`
	Goes    bool   `json:"goes,omitempty"`
}

// A ConflictDocument is a field that somebody else has set.
type ConflictDocument struct {
	Field  string `json:"field"`
	Owner  string `json:"owner"`
	Policy Policy `json:"policy"`
}

// An Undo says whether applying the previous bundle again undoes a change.
type Undo struct {
	Possible bool   `json:"possible"`
	Reason   string `json:"reason,omitempty"` // why not
}

// A RefusalDocument is a reason for which a run may not make its changes.
type RefusalDocument struct {
	Object manifest.ID `json:"object"`
	Reason string      `json:"reason"`
	Remedy string      `json:"remedy,omitempty"`
}

// Document returns the set for programs.
func (s *Set) Document() *Document {
	d := &Document{Summary: s.Summary(), Refusals: refusalDocuments(s.Refusals()), Waves: []DocumentedWave{}, Removals: documents(s.Removals)}
	for i, name := range s.Waves {
		d.Waves = append(d.Waves, DocumentedWave{Name: name, Changes: documents(s.OfWave(i))})
	}
	return d
}

func documents(changes []Change) []DocumentedChange {
	all := []DocumentedChange{}
	for _, c := range changes {
		all = append(all, c.Document())
	}
	return all
}

// Document returns the change for programs.
func (c Change) Document() DocumentedChange {
	d := DocumentedChange{
		Object: c.ID, Addon: c.Addon, Action: c.Action, Reason: c.Reason, Installer: c.Installer, Lost: c.Lost, Effect: c.Effect, Pods: c.Pods,
		Undo: Undo{Possible: c.Undo == "", Reason: c.Undo}, Refusals: refusalDocuments(c.Refusals),
	}
	for _, f := range c.Fields {
		field := FieldDocument{Path: f.Path}
		if !secret(c, f.Path) {
			field.Becomes = objectdiff.Short(credential.HideAt(f.Path, f.Want))
			if f.Got != nil {
				_, field.Is, field.Becomes = f.Shown()
			}
		}
		d.Fields = append(d.Fields, field)
	}
	for _, f := range c.Going {
		d.Fields = append(d.Fields, FieldDocument{Path: f.Path, Goes: true})
	}
	for _, conflict := range c.Conflicts {
		d.Conflicts = append(d.Conflicts, ConflictDocument{Field: conflict.Field, Owner: conflict.Manager, Policy: c.Policy})
	}
	return d
}

func refusalDocuments(refusals []Refusal) (all []RefusalDocument) {
	for _, r := range refusals {
		all = append(all, RefusalDocument(r))
	}
	return all
}
