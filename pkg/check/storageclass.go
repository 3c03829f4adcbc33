package check

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/printable"
)

// storageClass checks that the cluster has exactly one default StorageClass, one of the addon's; and if the addon renders none
// that is the default, that it has at most one, of somebody else's.
func (j judge) storageClass() []Row {
	if !j.addon.Checks.DefaultStorageClass {
		return nil
	}
	var defaults, own []string
	for _, class := range j.snapshot.StorageClasses {
		if !manifest.IsDefaultClass(class) {
			continue
		}
		defaults = append(defaults, class.GetName())
		if slices.ContainsFunc(j.addon.Objects, func(o *manifest.Object) bool { return manifest.IDOf(o) == manifest.IDOf(class) }) {
			own = append(own, class.GetName())
		}
	}
	slices.Sort(defaults)
	chosen := slices.ContainsFunc(j.addon.Objects, func(o *manifest.Object) bool { return o.GetKind() == "StorageClass" && manifest.IsDefaultClass(o) })
	switch {
	case !chosen && len(own) > 0:
		return []Row{j.row(StorageClass, Failed, "remove the annotation "+manifest.DefaultClassAnnotation+" from it", "the default is %s, which is not to be it", own[0])}
	case !chosen && len(defaults) == 0:
		return []Row{j.row(StorageClass, Good, "", "no default, as the addon's values say")}
	case !chosen && len(defaults) == 1:
		return []Row{j.row(StorageClass, Good, "", "%s is the only default, of another provider", defaults[0])}
	case len(defaults) == 0:
		return []Row{j.row(StorageClass, Failed, "run fitout apply", "no StorageClass is the default")}
	case len(defaults) > 1:
		return []Row{j.row(StorageClass, Failed, "remove the annotation "+manifest.DefaultClassAnnotation+" from all but one", "%d default StorageClasses: %s", len(defaults), printable.FirstFew(defaults))}
	case len(own) == 0:
		return []Row{j.row(StorageClass, Failed, "remove the annotation "+manifest.DefaultClassAnnotation+" from it", "the default is %s, which is not the addon's", defaults[0])}
	}
	return []Row{j.row(StorageClass, Good, "", "%s is the only default", own[0])}
}
