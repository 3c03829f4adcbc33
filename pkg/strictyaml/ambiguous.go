package strictyaml

import (
	"regexp"

	"go.yaml.in/yaml/v3"
)

var (
	decimal = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)$`)
	float   = regexp.MustCompile(`^[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?$|^[-+]?\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$`)
	// oldBool and oldNumber are strings of YAML 1.2 that YAML 1.1, which Kubernetes and Helm read, takes for something else
	// (yaml.org/type/bool.html, int.html and float.html): yes, and 1:30, which is 90.
	oldBool   = regexp.MustCompile(`^(y|Y|n|N|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$`)
	oldNumber = regexp.MustCompile(`^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$|^[-+]?0o?[0-7_]+$|^[-+]?0x[0-9a-fA-F_]+$|^[-+]?0b[01_]+$|^[-+]?[0-9][0-9_]*_[0-9_]*(\.[0-9_]*)?$`)
)

// ambiguous reports a scalar without quotes that YAML's versions read in different ways, such as 010, 1_000, 0x10, 1:30 and yes.
func (d *decoder) ambiguous(n *yaml.Node, path, remedy string) bool {
	if n.Kind != yaml.ScalarNode || n.Style != 0 {
		return false
	}
	problem := ""
	switch {
	case n.Tag == "!!int" && !decimal.MatchString(n.Value), n.Tag == "!!float" && !float.MatchString(n.Value), n.Tag == "!!str" && oldNumber.MatchString(n.Value):
		problem = "is " + shown(n.Value) + ", which versions of YAML take for different numbers"
	case n.Tag == "!!str" && oldBool.MatchString(n.Value):
		problem = "is " + n.Value + ", which older YAML takes for a boolean"
	default:
		return false
	}
	d.fault(n, path, problem, remedy)
	return true
}
