package check

import (
	"fmt"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/render"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Created judges the definitions that controllers create, where these are ready, and returns a row for each that is not
// there and established.
func Created(definitions []*manifest.Object, s observed.Snapshot) []Row {
	var rows []Row
	for _, o := range definitions {
		if v, detail, remedy := judgeDefinition(s, o, Good); v != Good {
			id := manifest.IDOf(o)
			rows = append(rows, Row{Check: Definitions, Verdict: v, Detail: id.String() + " " + detail, Remedy: remedy, About: id})
		}
	}
	return rows
}

// definitions judges together what the addon's controllers define; controllers is the verdict on these.
func (j judge) definitions(controllers Verdict) []Row {
	if len(j.addon.Created) == 0 {
		return nil
	}
	all, bad := len(j.addon.Created), 0
	worst := j.row(Definitions, Good, "", "%d established", all)
	for _, o := range j.addon.Created {
		v, detail, remedy := judgeDefinition(j.snapshot, o, controllers)
		if v != Good {
			bad++
		}
		if Worse(v, worst.Verdict) != worst.Verdict {
			worst = j.row(Definitions, v, remedy, "%s %s", o.GetName(), detail)
			worst.About = manifest.IDOf(o)
		}
	}
	if bad > 0 && all > 1 {
		worst.Detail = fmt.Sprintf("%d of %d established; %s", all-bad, all, worst.Detail)
	}
	return []Row{worst}
}

// judgeDefinition judges one definition that a controller creates.
func judgeDefinition(s observed.Snapshot, o *manifest.Object, controllers Verdict) (v Verdict, detail, remedy string) {
	live := s.Live(o)
	switch {
	case live != nil:
		return judgeByStatus(s, o, live)
	case s.AllSimulated():
		return Skipped, "is not created: its controller is on simulated nodes (" + observed.SimulatedAnnotation + ")", ""
	case controllers != Good && controllers != Degraded: // where some of its pods run, so does it
		return controllers, "waits for its controller", ""
	}
	return Failed, "is not created by its controller yet", fmt.Sprintf("look at the log of the controllers of %s", o.GetLabels()[render.LabelAddon])
}

// Undefined returns the kinds that a controller is to define and has not defined yet.
func Undefined(definitions []*manifest.Object, s observed.Snapshot) map[schema.GroupKind]bool {
	undefined := map[schema.GroupKind]bool{}
	for _, o := range definitions {
		if v, _, _ := judgeDefinition(s, o, Good); v != Good {
			undefined[manifest.Defines(o)] = true
		}
	}
	return undefined
}

func created(addons []render.Addon) []*manifest.Object {
	return (&render.Rendering{Addons: addons}).Created()
}
