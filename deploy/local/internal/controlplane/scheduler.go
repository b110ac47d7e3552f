package controlplane

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// Profile names a configuration of kube-scheduler that this program ships.
type Profile string

const (
	// Stowage calls the extender.
	Stowage Profile = "stowage"
	// Default is kube-scheduler as it comes: least allocated.
	Default Profile = "default"
	// MostAllocated packs by kube-scheduler's own means, with the GPU weighing ten times CPU or memory.
	MostAllocated Profile = "most-allocated"
)

var profileFiles = map[Profile]string{
	Stowage:       "kube-scheduler.yaml",
	Default:       "kube-scheduler-default.yaml",
	MostAllocated: "kube-scheduler-most-allocated.yaml",
}

// ProfileNames lists the profiles as one text.
func ProfileNames() string {
	var names []string
	for profile := range profileFiles {
		names = append(names, string(profile))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func (p Profile) validate() error {
	if _, known := profileFiles[p]; !known {
		return fmt.Errorf("profile is %q, expected one of %s", p, ProfileNames())
	}
	return nil
}

// SchedulerConfig fills in a KubeSchedulerConfiguration. Its text may name ${KUBECONFIG} and ${EXTENDER_URL}, the latter
// without the path of the extender.
type SchedulerConfig struct {
	// Profile is used unless File is set.
	Profile Profile
	// File is a template of the user's own.
	File        string
	Kubeconfig  string
	ExtenderURL string
}

// Render returns the configuration. A name that is not known, or has no value, is an error.
func (c SchedulerConfig) Render(assets fs.FS) (string, error) {
	name, text, err := c.template(assets)
	if err != nil {
		return "", err
	}
	var problems []error
	rendered := os.Expand(text, func(variable string) string {
		value, known := map[string]string{"KUBECONFIG": c.Kubeconfig, "EXTENDER_URL": c.ExtenderURL}[variable]
		if !known {
			problems = append(problems, fmt.Errorf("%s: ${%s} is unknown, expected KUBECONFIG or EXTENDER_URL", name, variable))
		} else if value == "" {
			problems = append(problems, fmt.Errorf("%s: ${%s} is used and has no value", name, variable))
		}
		return value
	})
	return rendered, errors.Join(problems...)
}

func (c SchedulerConfig) template(assets fs.FS) (name, text string, err error) {
	var content []byte
	if c.File != "" {
		name = c.File
		content, err = os.ReadFile(c.File)
	} else if err = c.Profile.validate(); err == nil {
		name = profileFiles[c.Profile]
		content, err = fs.ReadFile(assets, name)
	}
	return name, string(content), err
}
