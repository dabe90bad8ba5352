// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/doctor/check_connection.hpp"

#include <utility>

#include "controller/cli/doctor/pooler.hpp"
#include "policies/loader/listen_address.hpp"

namespace homeostat::doctor {
namespace {

bool is_socket(const std::string& host) { return host.starts_with('/') || host.starts_with('@'); }

std::string let_in(const Login& login) {
  return login.grants + " | psql -X -v ON_ERROR_STOP=1 -d " + login.address.dbname +
         where_roles_are(login);
}

// SQLSTATEs stand in libpq's text only ("FATAL:  28P01: …").
struct Sign {
  const char* words;
  std::string (*mend)(const Login&);
};

const Sign kSigns[] = {
    {"no password supplied",
     [](const Login& login) {
       return "name the file with the password of " + login.address.user +
              " in the configuration: password_file";
     }},
    {" 28P01: ",
     [](const Login& login) {
       const auto& file = login.address.password_file;
       return "in psql: \\password " + login.address.user + where_roles_are(login) +
              "\nand write the same into " +
              (file.empty() ? "a file, named as password_file" : file) +
              "\n(if the role does not exist: " + let_in(login) + ")";
     }},
    {"is not permitted to log in", [](const Login& login) { return let_in(login); }},
    {" 28000: ", [](const Login& login) { return let_in(login); }},
    {" 3D000: ",
     [](const Login& login) {
       return "correct dbname in the configuration: there is no " + login.address.dbname +
              " on that server";
     }},
    {" 42501: ", [](const Login& login) { return let_in(login); }},
    {"too many connections for role",
     [](const Login& login) {
       return "see who is connected as " + login.address.user +
              ": SELECT pid, application_name, client_addr FROM pg_stat_activity WHERE usename = "
              "'" +
              login.address.user + "';";
     }},
    {" 53300: ",
     [](const Login&) {
       return std::string{
           "end what nobody needs, raise max_connections, or put the applications behind a pooler"};
     }},
    {"certificate",
     [](const Login& login) {
       return "name the authority that signed the server's certificate: sslrootcert; host must be "
              "the name in the certificate, not " +
              login.address.host + " if that is another one";
     }},
    {"does not support SSL",
     [](const Login& login) {
       const std::string on = "switch TLS on at the server: ssl = on, with a certificate";
       return loader::is_loopback(login.address.host)
                  ? on + "\n(or sslmode: prefer in the configuration: nothing leaves this machine)"
                  : on;
     }},
};

// `no pg_hba.conf entry for host "10.0.0.8", user "u", database "d", SSL encryption`: the server
// says whom it saw, and how that one came.
std::string let_in_by_hba(const Login& login, const std::string& message) {
  const std::string before = "host \"";
  const auto at = message.find(before);
  std::string address = "ADDRESS/32";
  if (at != std::string::npos) {
    const auto begin = at + before.size();
    address = message.substr(begin, message.find('"', begin) - begin);
    address += address.find(':') == std::string::npos ? "/32" : "/128";
  }
  const bool encrypted = message.find("SSL encryption") != std::string::npos;
  return "add to pg_hba.conf, and reload (SELECT pg_reload_conf()):\n" +
         std::string(encrypted ? "hostssl " : "host ") + login.address.dbname + " " +
         login.address.user + " " + address + " scram-sha-256";
}

std::string mend_of(const Login& login, const std::string& message) {
  if (message.find("no pg_hba.conf entry") != std::string::npos) {
    return let_in_by_hba(login, message);
  }
  for (const auto& sign : kSigns) {
    if (message.find(sign.words) != std::string::npos) return sign.mend(login);
  }
  return "see that the server runs, that host and port are right, and that no firewall is in "
         "between: pg_isready -h " +
         login.address.host + " -p " + std::to_string(login.address.port);
}

}  // namespace

std::string where_roles_are(const Login& login) {
  if (login.roles_from.empty()) return "";
  return ", on node " + login.roles_from + ", which makes it so on every node of the cluster";
}

std::string place_of(const pg::Address& address) {
  if (is_socket(address.host)) return address.host;
  return address.host + ":" + std::to_string(address.port);
}

void judge_refusal(const Login& login, const Error& error, Findings& findings) {
  if (refused_by_pgbouncer(error)) {
    findings.fail("pooler",
                  "PgBouncer answers at " + place_of(login.address) +
                      " and refuses the timeouts that our sessions begin with",
                  {login.why,
                   "give the server's own host and port: control sessions go direct.\n"
                   "(ignore_startup_parameters = options in pgbouncer.ini lets measuring through, "
                   "without our timeouts)"});
    return;
  }
  findings.fail("connection", error.context, {login.why, mend_of(login, error.context)});
}

void judge_encryption(const pg::Address& address, Findings& findings) {
  if (is_socket(address.host)) {
    findings.ok("encryption", "a Unix socket needs none");
  } else if (loader::is_loopback(address.host)) {
    findings.ok("encryption", "nothing leaves this machine");
  } else if (address.sslmode == "verify-full") {
    findings.ok("encryption", "TLS, with the server's certificate verified");
  } else {
    findings.warn("encryption", "sslmode is " + address.sslmode + " over a network",
                  {"somebody on the way can read the password's exchange and the answers, or "
                   "answer in the server's place",
                   "sslmode: verify-full, with sslrootcert: FILE of the authority that signed the "
                   "server's certificate"});
  }
}

}  // namespace homeostat::doctor
