package fitout

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/wave"
)

// keepEdits puts into the objects what the live ones have of their own and an addon declares to be kept.
func (s *session) keepEdits() error {
	s.waves = make([]wave.Wave, len(s.plan.Waves))
	for i, w := range s.plan.Waves {
		s.waves[i] = wave.Wave{Name: w.Name, Objects: slices.Clone(w.Objects)}
		for j, o := range w.Objects {
			if live := s.known.Live[manifest.IDOf(o)]; live != nil {
				s.waves[i].Objects[j] = o
			}
		}
	}
	return nil
}
