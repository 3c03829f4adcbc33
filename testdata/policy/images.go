package main

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// images judges the image references of pods: each has a tag, which is not latest, and a digest. A finding names the
// reference with its tag, so that every bump asks anew whether a digest is known.
func images(pods []pod) []finding {
	var found []finding
	for _, p := range pods {
		for _, c := range slices.Concat(p.spec.InitContainers, p.spec.Containers) {
			found = append(found, judgeImage(c)...)
		}
	}
	return found
}

func judgeImage(c corev1.Container) []finding {
	reference, digest, _ := strings.Cut(c.Image, "@")
	_, tag, _ := strings.Cut(reference[strings.LastIndex(reference, "/")+1:], ":")
	var found []finding
	switch tag {
	case "":
		found = append(found, finding{imageRule, reference, "has no tag"})
	case "latest":
		found = append(found, finding{imageRule, reference, "is latest"})
	}
	if hex, ok := strings.CutPrefix(digest, "sha256:"); !ok || len(hex) != 64 {
		found = append(found, finding{imageRule, reference, "has no digest"})
	}
	return found
}
