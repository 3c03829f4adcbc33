package report

import (
	"io"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/printable"
)

// ChangeSetKind is the kind of a ChangeSet's JSON form.
const ChangeSetKind = "ChangeSet"

// A ChangeSet is what a run would do to a cluster, for programs: fitout plan --live -o json.
type ChangeSet struct {
	APIVersion string `json:"apiVersion"` // of this format
	Kind       string `json:"kind"`
	Cluster    string `json:"cluster"`
	Kubernetes string `json:"kubernetes"`
	Bundle     string `json:"bundle"`
	Digest     string `json:"digest"`
	changeset.Document
}

// ChangeSetJSON writes a change set for programs.
func ChangeSetJSON(w io.Writer, c *ChangeSet) error { return printable.JSON(w, c, "  ") }
