// Checks the deployment files with the libraries of the tools that will read them, since those need a daemon or a cluster:
// Dockerfile (BuildKit's linter), docker-compose.yml (Compose's own loader), deploy/kubernetes (the API's own types, strictly).
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: check <directory of the project>")
		os.Exit(2)
	}
	root := os.Args[1]
	failed := false
	for _, check := range []struct {
		what string
		run  func(string) (string, error)
	}{
		{"Dockerfile", checkDockerfile},
		{"docker-compose.yml", checkCompose},
		{"deploy/kubernetes", checkKubernetes},
	} {
		found, err := check.run(root)
		if err != nil {
			failed = true
			fmt.Printf("%s: %v\n", check.what, err)
			continue
		}
		fmt.Printf("%s: %s\n", check.what, found)
	}
	if failed {
		os.Exit(1)
	}
}

// noRegistry answers for every base image, so that nothing is asked of a registry.
type noRegistry struct{}

func (noRegistry) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	config := []byte(`{"architecture":"amd64","os":"linux","config":{"Env":["PATH=/usr/bin"]},"rootfs":{"type":"layers"}}`)
	return ref, digest.FromBytes(config), config, nil
}

func checkDockerfile(root string) (string, error) {
	content, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	if err != nil {
		return "", err
	}
	source := llb.NewSourceMap(nil, "Dockerfile", "Dockerfile", content)
	source.Definition = &llb.Definition{}
	results, err := dockerfile2llb.DockerfileLint(context.Background(), content, dockerfile2llb.ConvertOpt{
		MetaResolver: noRegistry{},
		SourceMap:    source,
	})
	if err != nil {
		return "", err
	}
	if results.Error != nil {
		return "", errors.New(results.Error.Message)
	}
	var warnings []error
	for _, warning := range results.Warnings {
		warnings = append(warnings, fmt.Errorf("%s %v: %s", warning.RuleName, lines(warning.Location), warning.Detail))
	}
	return "builds, and the linter has nothing to say", errors.Join(warnings...)
}

func lines(location *pb.Location) []int32 {
	var numbers []int32
	for _, place := range location.GetRanges() {
		numbers = append(numbers, place.GetStart().GetLine())
	}
	return numbers
}

func checkCompose(root string) (string, error) {
	options, err := cli.NewProjectOptions(
		[]string{filepath.Join(root, "docker-compose.yml")},
		cli.WithWorkingDirectory(root),
		cli.WithEnvFiles(filepath.Join(root, "deploy", "compose", "demo.env")),
		cli.WithDotEnv,
		cli.WithProfiles([]string{"*"}),
	)
	if err != nil {
		return "", err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("loads, with %d services", len(project.Services)), nil
}

func checkKubernetes(root string) (string, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, policyv1.AddToScheme, networkingv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return "", err
		}
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	files, err := filepath.Glob(filepath.Join(root, "deploy", "kubernetes", "*.yaml"))
	if err != nil {
		return "", err
	}
	count := 0
	var wrong []error
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
		for {
			document, err := documents.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return "", err
			}
			if _, _, err := decoder.Decode(document, nil, nil); err != nil {
				wrong = append(wrong, fmt.Errorf("%s: %w", filepath.Base(file), err))
			}
			count++
		}
	}
	if count == 0 {
		return "", errors.New("there are no manifests")
	}
	return fmt.Sprintf("%d manifests have fields and types of the API only", count), errors.Join(wrong...)
}
