package clusterfile

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// A File is a cluster file as it was read, before facts and defaults, with the places of its fields.
type File struct {
	Cluster
	Name  string // of the file, for messages
	lines strictyaml.Lines
	flags map[string]string // flag by the field that it set
}

// Read decodes a cluster file strictly. The error is a strictyaml.Faults with every fault found.
func Read(name string, r io.Reader) (File, error) {
	f := File{Name: name}
	lines, err := strictyaml.Read(name, r, &f.Cluster)
	f.lines = lines
	var faults strictyaml.Faults
	if errors.As(err, &faults) {
		moved(faults)
	}
	return f, err
}

// Locate gives the faults in err the file's name and the lines where their fields stand, or what holds them where the file
// does not have the field itself. Other errors stay as they are.
func (f File) Locate(err error) error {
	var faults strictyaml.Faults
	if !errors.As(err, &faults) {
		return err
	}
	located := make(strictyaml.Faults, len(faults))
	for i, fault := range faults {
		located[i] = f.Place(fault)
	}
	return located
}

// Place is Locate for one fault. One that has a file already is of that, and not of the cluster file.
func (f File) Place(fault strictyaml.Fault) strictyaml.Fault {
	switch flag, given := f.flags[fault.Field]; {
	case given:
		fault.File, fault.Line, fault.Field = flag, 0, ""
	case fault.File == "" || fault.File == f.Name:
		fault.File, fault.Line = f.Name, f.line(fault.Field)
	}
	return fault
}

func (f File) line(field string) int {
	for field != "" {
		if line, ok := f.lines[field]; ok {
			return line
		}
		field = field[:max(0, strings.LastIndexAny(field, ".["))]
	}
	return 0
}

// With returns a copy of the file in which Set has given a field another value.
func (f File) With(flag, field, value string) (File, error) {
	f.flags = maps.Clone(f.flags)
	err := f.Set(flag, field, value)
	return f, err
}

// Set gives a field the value of a command-line flag, which goes before the file's. The error is a strictyaml.Faults.
func (f *File) Set(flag, field, value string) error {
	if f.flags == nil {
		f.flags = map[string]string{}
	}
	f.flags[field] = flag
	path := strings.Split(field, ".")
	var leaf any = value
	if known, ok := find(Fields(), path); ok && known.Type == "boolean" && (value == "true" || value == "false") {
		leaf = value == "true"
	}
	for _, name := range slices.Backward(path) {
		leaf = map[string]any{name: leaf}
	}
	document := leaf.(map[string]any)
	document["apiVersion"], document["kind"] = APIVersion, Kind
	text, err := json.Marshal(document)
	if err != nil {
		return err
	}
	_, err = strictyaml.Decode(flag, text, &f.Cluster)
	return f.Locate(err)
}
