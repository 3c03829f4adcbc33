package report

import (
	"io"

	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/upgrade"
)

// UpgradePlanKind is the kind of an UpgradePlan's JSON form.
const UpgradePlanKind = "UpgradePlan"

// An UpgradePlan is what an upgrade does to a cluster, for programs: fitout upgrade plan -o json.
type UpgradePlan struct {
	APIVersion string `json:"apiVersion"` // of this format
	Kind       string `json:"kind"`
	Cluster    string `json:"cluster"`
	upgrade.Plan
}

// UpgradePlanJSON writes an upgrade plan for programs.
func UpgradePlanJSON(w io.Writer, p *UpgradePlan) error { return printable.JSON(w, p, "  ") }
