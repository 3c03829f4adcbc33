package parity

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// facts are a statement's value and the statements about its parts. A statement is unique among those beside it, and the
// order in which they were read does not count.
type facts struct {
	value string
	parts map[string]*facts
	may   *permission // what the statement grants, where it grants anything
}

// part returns the part of that name, which is made where it is not there yet.
func (f *facts) part(name string) *facts {
	if f.parts == nil {
		f.parts = map[string]*facts{}
	}
	if f.parts[name] == nil {
		f.parts[name] = &facts{}
	}
	return f.parts[name]
}

// set states something; values that are what the API server puts in by itself are left unsaid.
func (f *facts) set(name, value string) {
	if value != defaults[name] || value == "" {
		f.part(name).value = clip(value)
	}
}

// stated is the line of a fact that only one side has.
func (f *facts) stated(at string) string {
	if f.value == "" {
		return at
	}
	return at + "=" + f.value
}

func (f *facts) said() string {
	if f.value == "" {
		return "nothing"
	}
	return f.value
}

// defaults are what a field that is not there stands for (Kubernetes, pkg/apis/*/v1/defaults.go), by the field's path.
var defaults = map[string]string{
	"allowVolumeExpansion":                        "false",
	"automountServiceAccountToken":                "true",
	"conversion.strategy":                         "None",
	"dnsPolicy":                                   "ClusterFirst",
	"enableServiceLinks":                          "true",
	"hostIPC":                                     "false",
	"hostNetwork":                                 "false",
	"hostPID":                                     "false",
	"hostUsers":                                   "true",
	"minReadySeconds":                             "0",
	"progressDeadlineSeconds":                     "600",
	"reclaimPolicy":                               "Delete",
	"replicas":                                    "1",
	"restartPolicy":                               "Always",
	"revisionHistoryLimit":                        "10",
	"schedulerName":                               "default-scheduler",
	"securityContext.privileged":                  "false",
	"securityContext.readOnlyRootFilesystem":      "false",
	"securityContext.runAsNonRoot":                "false",
	"sessionAffinity":                             "None",
	"strategy.rollingUpdate.maxSurge":             "25%",
	"strategy.rollingUpdate.maxUnavailable":       "25%",
	"strategy.type":                               "RollingUpdate",
	"terminationGracePeriodSeconds":               "30",
	"terminationMessagePath":                      "/dev/termination-log",
	"terminationMessagePolicy":                    "File",
	"type":                                        "ClusterIP",
	"updateStrategy.rollingUpdate.maxSurge":       "0",
	"updateStrategy.rollingUpdate.maxUnavailable": "1",
	"updateStrategy.type":                         "RollingUpdate",
	"volumeBindingMode":                           "Immediate",
}

// flatten states every scalar in a value by its path; of a list, that the element is in it.
func (f *facts) flatten(at string, value any) {
	switch v := value.(type) {
	case nil:
	case map[string]any:
		for key, inner := range v {
			f.flatten(strings.TrimPrefix(at+"."+key, "."), inner)
		}
	case []any:
		for _, element := range v {
			f.set(at+" "+clip(scalar(element)), "")
		}
	default:
		if s := scalar(v); s != "" {
			f.set(at, s)
		}
	}
}

// text states what a text says: the fields of YAML and JSON, and the lines of anything else that has several.
func (f *facts) text(at, text string) {
	text = strings.TrimSpace(text)
	var document map[string]any
	if strings.Contains(text, "\n") && yaml.Unmarshal([]byte(text), &document) == nil {
		f.part(at).flatten("", document)
		return
	}
	if !strings.Contains(text, "\n") {
		f.set(at, text)
		return
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line != "}" && line[0] != '#' {
			f.part(at).set("line `"+clip(line)+"`", "")
		}
	}
}

// scalar prints a value: a string as it is, everything else as JSON.
func scalar(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

// clip keeps a value to a part of a line. The hash stands for what is cut off.
func clip(s string) string {
	const most = 100
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= most {
		return s
	}
	hash := sha256.Sum256([]byte(s))
	return strings.ToValidUTF8(s[:most-20], "") + "… " + hex.EncodeToString(hash[:4])
}

// field returns what stands at a path, or nil.
func field(value any, path ...string) any {
	for _, key := range path {
		m, _ := value.(map[string]any)
		value = m[key]
	}
	return value
}

// list returns the list at a path, as objects.
func list(value any, path ...string) []map[string]any {
	items, _ := field(value, path...).([]any)
	var all []map[string]any
	for _, item := range items {
		m, _ := item.(map[string]any)
		all = append(all, m)
	}
	return all
}

// texts returns the list at a path, as strings.
func texts(value any, path ...string) []string {
	items, _ := field(value, path...).([]any)
	var all []string
	for _, item := range items {
		all = append(all, scalar(item))
	}
	return all
}

// text returns the string or number at a path, "" where there is none.
func text(value any, path ...string) string {
	if v := field(value, path...); v != nil {
		return scalar(v)
	}
	return ""
}

// without returns a map without some of its keys.
func without(value any, keys ...string) map[string]any {
	rest := map[string]any{}
	m, _ := value.(map[string]any)
	for key, v := range m {
		rest[key] = v
	}
	for _, key := range keys {
		delete(rest, key)
	}
	return rest
}
