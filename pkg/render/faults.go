package render

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// placeInChart is how Helm and the parser of manifests name a place in a template: CHART/templates/account.yaml:3.
var placeInChart = regexp.MustCompile(`[^\s():/]+/(templates/[^\s():]+)(?::(\d+))?`)

// failed says what is wrong with an addon. Where its chart is in a folder that somebody wrote, it is a fault of the input, with the
// file and the line; in an embedded one it is a defect of the program.
func failed(addon, folder string, err error) error {
	var faults strictyaml.Faults
	switch {
	case errors.As(err, &faults):
		return faults
	case folder == "":
		return fmt.Errorf("addon %s: %w", addon, err)
	}
	fault := strictyaml.Fault{File: folder, Problem: "cannot be rendered: " + bothEnds(err.Error()), Remedy: "correct the chart"}
	if place := placeInChart.FindStringSubmatch(err.Error()); place != nil {
		fault.File = path.Join(folder, place[1])
		fault.Line, _ = strconv.Atoi(place[2]) // 0 where none is named
	}
	return strictyaml.Faults{fault}
}

// bothEnds cuts a message of nested templates: it begins with the place, and ends with the reason.
func bothEnds(message string) string {
	const first, last = 100, 200
	message = printable.OneLine(message)
	if len(message) <= first+last {
		return message
	}
	return printable.Cut(message, first) + " " + strings.ToValidUTF8(message[len(message)-last:], "")
}

// defaultClasses refuses two default StorageClasses: which of them a claim gets is nobody's choice.
func (r *Rendering) defaultClasses() error {
	var classes []string
	for _, a := range r.Addons {
		for _, o := range a.Objects {
			if o.GetKind() == "StorageClass" && manifest.IsDefaultClass(o) {
				classes = append(classes, fmt.Sprintf("%s of addon %s", o.GetName(), a.Name))
			}
		}
	}
	if len(classes) < 2 {
		return nil
	}
	slices.Sort(classes)
	return strictyaml.Faults{{Field: "addons", Problem: fmt.Sprintf("bring %d default StorageClasses: %s", len(classes), strings.Join(classes, ", ")),
		Remedy: "keep one: set the values of the other addons so that they make no default class (fitout bundles show lists them), or patch the annotation " + manifest.DefaultClassAnnotation + " away"}}
}
