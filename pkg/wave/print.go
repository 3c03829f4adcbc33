package wave

import (
	"io"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/render"
)

// A branch is a node of a printed tree.
type branch struct {
	text string
	sub  []branch
}

// Tree writes the waves as a tree: each wave with its addons and their objects, and what its gate waits for.
func Tree(w io.Writer, waves []Wave) error {
	for i, wave := range waves {
		if _, err := printable.Fprintf(w, "%d %s\n", i+1, wave.Name); err != nil {
			return err
		}
		if err := draw(w, "", append(branchesOf(wave), gateOf(wave))); err != nil {
			return err
		}
	}
	return nil
}

// branchesOf returns an addon after the other, as they stand in the wave.
func branchesOf(wave Wave) []branch {
	var addons []branch
	for _, o := range wave.Objects {
		name := addonOf(o)
		if len(addons) == 0 || addons[len(addons)-1].text != name {
			addons = append(addons, branch{text: name})
		}
		last := &addons[len(addons)-1]
		last.sub = append(last.sub, branch{text: manifest.IDOf(o).String()})
	}
	return addons
}

func gateOf(wave Wave) branch {
	gate := branch{text: "gate: opens at once"}
	for _, a := range wave.Gate() {
		gate.text = "gate: opens when"
		gate.sub = append(gate.sub, branch{text: a.String()})
	}
	return gate
}

func draw(w io.Writer, indent string, branches []branch) error {
	for i, b := range branches {
		fork, deeper := "├─ ", "│  "
		if i == len(branches)-1 {
			fork, deeper = "└─ ", "   "
		}
		if _, err := printable.Fprintf(w, "%s%s%s\n", indent, fork, b.text); err != nil {
			return err
		}
		if err := draw(w, indent+deeper, b.sub); err != nil {
			return err
		}
	}
	return nil
}

// JSON writes the waves for programs.
func JSON(w io.Writer, waves []Wave) error {
	type object struct {
		manifest.ID
		Addon string `json:"addon"`
	}
	type wave struct {
		Name    string    `json:"name"`
		Objects []object  `json:"objects"`
		Gate    []Awaited `json:"gate,omitempty"`
	}
	var all []wave
	for _, from := range waves {
		next := wave{Name: from.Name, Gate: from.Gate()}
		for _, o := range from.Objects {
			next.Objects = append(next.Objects, object{manifest.IDOf(o), addonOf(o)})
		}
		all = append(all, next)
	}
	return printable.JSON(w, map[string]any{"waves": all}, "  ")
}

func addonOf(o *manifest.Object) string { return o.GetLabels()[render.LabelAddon] }
