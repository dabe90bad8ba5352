# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Shell functions shared by tests/run and deploy/demo/run: telling what is done, installing Debian
# packages without starting a service, Python's, npm's and Maven's, building. To be sourced; REPO must
# be set.

say() { printf '\n==> %s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# Runs a command as root: directly, or through sudo.
as_root() {
  if [[ ${EUID} -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "needs root (or sudo) for: $*"
  fi
}

# listed_packages SECTION…: the packages of these sections of deploy/packages.txt.
listed_packages() {
  local wanted=" $* " section='' line
  while read -r line; do
    case ${line} in
      '' | '#'*) ;;
      '['*']') section=${line:1:-1} ;;
      *) [[ ${wanted} == *" ${section} "* ]] && printf '%s\n' "${line}" ;;
    esac
  done <"${REPO}/deploy/packages.txt"
  return 0
}

is_installed() {
  [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# Installing a server package on Debian creates a database cluster and starts services. While the
# lines between quiet_services and restore_services run, it does neither; what stood there before
# is put back exactly.
readonly POLICY=/usr/sbin/policy-rc.d
readonly POLICY_KEPT=/usr/sbin/policy-rc.d.kept-by-homeostat
readonly POLICY_ABSENT=/usr/sbin/policy-rc.d.absent-before-homeostat
readonly CLUSTER_RULES=/etc/postgresql-common/createcluster.d
readonly CLUSTER_RULE=${CLUSTER_RULES}/homeostat.conf

quiet_services() {
  restore_services # of a run that was killed half-way
  if [[ -e ${POLICY} || -L ${POLICY} ]]; then
    as_root mv "${POLICY}" "${POLICY_KEPT}"
  else
    as_root touch "${POLICY_ABSENT}"
  fi
  printf '#!/bin/sh\nexit 101\n' | as_root tee "${POLICY}" >/dev/null
  as_root chmod 755 "${POLICY}"
  as_root mkdir -p "${CLUSTER_RULES}"
  echo 'create_main_cluster = false' | as_root tee "${CLUSTER_RULE}" >/dev/null
}

restore_services() {
  if [[ -e ${POLICY_KEPT} || -L ${POLICY_KEPT} ]]; then
    as_root mv -f "${POLICY_KEPT}" "${POLICY}"
  elif [[ -e ${POLICY_ABSENT} ]]; then
    as_root rm -f "${POLICY}" "${POLICY_ABSENT}"
  fi
  if [[ -e ${CLUSTER_RULE} ]]; then
    as_root rm -f "${CLUSTER_RULE}"
    as_root rmdir --ignore-fail-on-non-empty "${CLUSTER_RULES}"
  fi
}

# install_packages SECTION…: installs what is missing of these sections, removes nothing.
install_packages() {
  local package missing=()
  command -v dpkg-query >/dev/null || die "this installs Debian packages, and this is no Debian"
  while read -r package; do
    is_installed "${package}" || missing+=("${package}")
  done < <(listed_packages "$@")
  if [[ ${#missing[@]} -eq 0 ]]; then
    say "packages: nothing is missing"
    return 0
  fi
  say "packages: installing ${missing[*]}"
  trap restore_services EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  quiet_services
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends --no-remove "${missing[@]}"
  restore_services
  trap - EXIT INT TERM
  for package in "${missing[@]}"; do
    # Installed for our throw-away servers only: not to be started at the next boot either.
    case ${package} in
      prometheus | prometheus-alertmanager | prometheus-postgres-exporter | pgbouncer)
        as_root update-rc.d "${package}" disable >/dev/null 2>&1 || true
        ;;
    esac
  done
}

# install_python_packages: what deploy/requirements.txt lists, from PyPI into build/python. Where
# PyPI cannot be reached this goes on: the tests that need it are skipped and say why.
install_python_packages() {
  local wanted=${REPO}/deploy/requirements.txt environment=${REPO}/build/python
  local log=${REPO}/build/python.log
  if cmp -s "${wanted}" "${environment}/requirements.txt"; then
    say "python packages: nothing is missing"
    return 0
  fi
  say "python packages: installing into build/python"
  mkdir -p "${REPO}/build"
  if { python3 -m venv --clear "${environment}" &&
    "${environment}/bin/pip" install --quiet --disable-pip-version-check --timeout 20 --retries 1 \
      --requirement "${wanted}"; } >"${log}" 2>&1; then
    cp "${wanted}" "${environment}/requirements.txt"
  else
    tail -n 1 "${log}"
  fi
}

# Where install_postgresql_versions puts its servers: POSTGRESQL/16/bin/postgres …
readonly POSTGRESQL=${REPO}/build/postgresql

# listed_postgresql_versions: the major versions that deploy/postgresql/package.json lists.
listed_postgresql_versions() {
  sed -n 's/^ *"postgresql-\([0-9]*\)": .*/\1/p' "${REPO}/deploy/postgresql/package.json"
}

# install_postgresql_versions: the servers that deploy/postgresql/package.json lists, from npm; Debian
# 12 has one version only. npm itself is installed only where there is none: Node.js from elsewhere
# brings its own. Where npm's registry cannot be reached this goes on: those versions are skipped.
install_postgresql_versions() {
  local wanted=${REPO}/deploy/postgresql/package.json fresh=${POSTGRESQL}.new
  local log=${POSTGRESQL}.log
  if cmp -s "${wanted}" "${POSTGRESQL}/package.json"; then
    say "PostgreSQL versions: nothing is missing"
    return 0
  fi
  command -v npm >/dev/null || install_packages node
  say "PostgreSQL versions: installing into build/postgresql"
  rm -rf "${fresh}"
  mkdir -p "${fresh}"
  cp "${wanted}" "${fresh}"
  if { (cd "${fresh}" && npm install --ignore-scripts --no-package-lock --no-audit --no-fund \
    --loglevel error --fetch-timeout 20000 --fetch-retries 1) &&
    python3 "${REPO}/deploy/postgresql/links.py" "${fresh}"; } >"${log}" 2>&1; then
    rm -rf "${POSTGRESQL}"
    mv "${fresh}" "${POSTGRESQL}"
  else
    cat "${log}"
  fi
}

# Where install_kafka puts the broker: KAFKA/jars.
readonly KAFKA=${REPO}/build/kafka

# install_kafka: the broker that deploy/kafka/pom.xml names, from Maven Central; Debian has none. Java
# and Maven are installed only where there are none. Maven's own cache is kept out of the home folder
# and does not outlive the download. Where Maven Central cannot be reached this goes on: the tests
# that need a broker are skipped and say why.
install_kafka() {
  local wanted=${REPO}/deploy/kafka/pom.xml fresh=${KAFKA}.new log=${KAFKA}.log
  if cmp -s "${wanted}" "${KAFKA}/pom.xml"; then
    say "Kafka: nothing is missing"
    return 0
  fi
  { command -v java && command -v mvn; } >/dev/null || install_packages kafka
  say "Kafka: installing into build/kafka"
  rm -rf "${fresh}"
  mkdir -p "${fresh}"
  cp "${wanted}" "${fresh}"
  if mvn --batch-mode --quiet --file "${fresh}/pom.xml" "-Dmaven.repo.local=${fresh}/cache" \
    dependency:copy-dependencies "-DoutputDirectory=${fresh}/jars" >"${log}" 2>&1; then
    rm -rf "${KAFKA}" "${fresh}/cache"
    mv "${fresh}" "${KAFKA}"
  else
    tail -n 5 "${log}"
    rm -rf "${fresh}"
  fi
}

# build PRESET: configures and builds one preset of CMakePresets.json.
build() {
  say "building preset $1"
  mkdir -p "${REPO}/build"
  (cd "${REPO}" && cmake --preset "$1" >"${REPO}/build/configure-$1.log" 2>&1) || {
    cat "${REPO}/build/configure-$1.log" >&2
    die "configuring preset $1 failed"
  }
  (cd "${REPO}" && cmake --build --preset "$1")
}
