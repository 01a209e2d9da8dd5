# The simulator as a library: for its own tests, and for `moot sim run`, which also exists where tests are not
# built. It brings the slow model of the access rules along as its reference.
add_library(folkmoot_sim STATIC
    ${CMAKE_CURRENT_LIST_DIR}/disk.cpp
    ${CMAKE_CURRENT_LIST_DIR}/identity.cpp
    ${CMAKE_CURRENT_LIST_DIR}/laws.cpp
    ${CMAKE_CURRENT_LIST_DIR}/liar.cpp
    ${CMAKE_CURRENT_LIST_DIR}/liar_ops.cpp
    ${CMAKE_CURRENT_LIST_DIR}/liar_talk.cpp
    ${CMAKE_CURRENT_LIST_DIR}/lying_host.cpp
    ${CMAKE_CURRENT_LIST_DIR}/network.cpp
    ${CMAKE_CURRENT_LIST_DIR}/node.cpp
    ${CMAKE_CURRENT_LIST_DIR}/node_connections.cpp
    ${CMAKE_CURRENT_LIST_DIR}/node_sessions.cpp
    ${CMAKE_CURRENT_LIST_DIR}/oracles.cpp
    ${CMAKE_CURRENT_LIST_DIR}/pipe.cpp
    ${CMAKE_CURRENT_LIST_DIR}/plan.cpp
    ${CMAKE_CURRENT_LIST_DIR}/port.cpp
    ${CMAKE_CURRENT_LIST_DIR}/reference.cpp
    ${CMAKE_CURRENT_LIST_DIR}/run.cpp
    ${CMAKE_CURRENT_LIST_DIR}/shrink.cpp
    ${CMAKE_CURRENT_LIST_DIR}/simulation.cpp
    ${CMAKE_CURRENT_LIST_DIR}/sqlite_disk.cpp
    ${CMAKE_CURRENT_LIST_DIR}/workload.cpp
    ${CMAKE_CURRENT_LIST_DIR}/world.cpp
    ${CMAKE_CURRENT_LIST_DIR}/../crash/power_disk.cpp
    ${CMAKE_CURRENT_LIST_DIR}/../crash/power_vfs.cpp
    ${CMAKE_CURRENT_LIST_DIR}/../../tools/moot/fsck.cpp
    ${CMAKE_CURRENT_LIST_DIR}/../../tools/moot/repair.cpp
    ${CMAKE_CURRENT_LIST_DIR}/../model/judge.cpp
    ${CMAKE_CURRENT_LIST_DIR}/../model/model.cpp)
target_include_directories(folkmoot_sim PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
target_include_directories(folkmoot_sim PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/tools)
target_link_libraries(folkmoot_sim PUBLIC folkmoot_net PRIVATE folkmoot_options PkgConfig::sqlite)
